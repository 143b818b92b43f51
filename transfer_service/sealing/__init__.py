"""All cryptography of the service: sealed parts, sealed fields, wrapped keys, signed manifests, tokens.

Nothing here reads a setting, a clock, a file or the network. Whatever fails to open raises the one error
`transfer_service.errors.SealBroken`, so that the outside never learns what broke.
"""
