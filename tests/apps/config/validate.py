# SPDX-License-Identifier: Apache-2.0
"""validate.py SCHEMA FOLDER: checks that SCHEMA is a JSON Schema, and every FOLDER/good*.yaml and FOLDER/wrong*.yaml
against it. Exits with 77 where a module is missing."""

import json
import pathlib
import re
import sys

try:
    import jsonschema
    import yaml

    Validator = jsonschema.Draft202012Validator
except (ImportError, AttributeError) as error:
    print(f"validate.py: {error}")
    sys.exit(77)


class Loader(yaml.SafeLoader):
    """YAML 1.2: 1e-5 is a number and `no` a text."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|", ["~", "n", ""]),
]:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^({pattern})$"), list(first))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
Validator.check_schema(schema)
validator = Validator(schema)
files = sorted(pathlib.Path(sys.argv[2]).glob("*.yaml"))
failures = 0
for file in files:
    errors = list(validator.iter_errors(yaml.load(file.read_text(), Loader)))
    if bool(errors) == file.name.startswith("wrong"):
        continue
    failures += 1
    print(f"{file.name}: {errors[0].message[:300] if errors else 'is valid'}\n{file.read_text()}")
print(f"validate.py: {len(files)} files, {failures} failures")
sys.exit(1 if failures or not files else 0)
