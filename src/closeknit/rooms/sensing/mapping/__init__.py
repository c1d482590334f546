"""The mapping language: a recipe says how rows of a source become work and facts.

Pure: no database, no clock.

`yaml_text` reads YAML with line numbers, `recipe` validates it, `conditions`, `values` and `expressions`
compile its parts into functions of a row, `rows` puts them together for one stream.
"""
