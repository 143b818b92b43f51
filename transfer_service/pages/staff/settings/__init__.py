"""/staff/settings: what admins set up, and what privacy officers approve.

rooms         the tabs of these pages, and the forms' own numbers
members       who signs in, and as what
tokens        bearer tokens of programs and review services
departments   which there are, whom to call, what each may do
templates     the authorization's words, and who approved them
shown         what patients see of the organization
"""
