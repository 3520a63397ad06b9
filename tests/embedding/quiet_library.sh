#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# quiet_library.sh NM ARCHIVE...: the libraries call nothing that ends the program, prints, or changes what belongs to the
# whole process: signals, environment, locale, current directory, rounding.
set -eu
nm=$1
shift
names=$("$nm" --undefined-only --demangle "$@" | sed -n 's/^ *U //p' | sort -u)
echo "$names" | grep -q '^operator delete(' || { echo "$nm found no names that these call: $*" >&2; exit 1; }
if echo "$names" | grep -E -x '(_exit|_Exit|exit|quick_exit|abort|raise|kill|signal|sigaction|sigprocmask|pthread_sigmask|setenv|putenv|unsetenv|setlocale|uselocale|std::locale::global\(.*|(__)?v?f?printf(_chk)?|puts|putchar|perror|stdout|stderr|std::(cout|cerr|clog)|chdir|fchdir|umask|srand|rand|random|fesetround|fesetenv|mallopt|fork|system|popen)'; then
  echo "the names above are not for a library that others embed" >&2
  exit 1
fi
