# The headers as doxygen reads them: a comment behind a member documents it, indented lines of a comment (shapes, examples)
# stay as they are, and specialisations for the standard library do not exist.
s|\([;,]\) *// |\1  ///< |
s|^ \{12,\}// |            ///< |
s|^\( *///\)   \([^ ]\)|\1     \2|
\|^}  // namespace|q
