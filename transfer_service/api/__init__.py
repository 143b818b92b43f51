"""The JSON API: parse, one use case, render. The contract is the OpenAPI document that it serves.

registration    register_api: joins what follows to a Flask app
blueprint       ApiBlueprint: who calls is known before a byte of body is read; every POST keeps its answer
addresses       ids and paths in addresses
packets, files, content, recipients, releases, patient, links, redeemed, answer, opinions,
accounting      one module an area
health          alive, ready
docs, error_codes    the contract as a page for people
schemas         what bodies load into, and what answers show
"""
