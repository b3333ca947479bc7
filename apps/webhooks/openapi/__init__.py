"""The API's description in OpenAPI 3.1, beside the views and tested against them.

shapes          JSON Schemas in few words
refusals        errors, and what of them operations have in common
parameters      of paths and query strings
operation       one operation as a value: `Operation`
schemas         what the API reads and writes, by group, each with its examples
operations      what each method does at each path, by group
deliveries      what receivers are sent, from the catalogue of events
tokens          the kinds of token
document        all of it together
inspector       what drf-spectacular asks
views           `/openapi.json` and `/docs`

An operation that is changed is changed here too, and `make openapi` writes it down.
"""
