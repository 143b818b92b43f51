"""What departments and reviewers run: the `packet` command, and the Python functions under it.

    command.py      `packet …`: how a command line begins and ends
    commands/       one module a command, each a thin layer over a function below
    deposit/        send: what is in a folder, the case, the journal, parts, closing, asking the patient
    watch/          watch: which slides of a scanner's folder are finished, whose they are, what was taken
    delivery/       fetch and verify: the link, local names, downloads, the delivery's manifest
    service.py      calls to one service: JSON and bytes
    transport.py    TLS, proxies, one pool of connections
    patience.py     when to try again, and when to give up
    lanes.py        what runs at once, and how it ends
    failures.py     every way in which it ends badly, with its exit code and what to do next
    progress.py     what is told meanwhile: bars, lines or JSON
    config.py       the config file, the environment, the defaults
    tokens.py       where tokens are kept
    long_paths.py   Windows' own form of long paths
    printable.py    text from elsewhere on any console
    instants.py     until when, as people say it
    bars.py, lines.py   what `progress` looks like
    state.py        where the client keeps what it must remember

Of the service itself it imports `sealing` and `errors` alone, and of other packages the few that
``pip install transfer-service`` brings. Nothing here needs POSIX.

From code: `deposit.send.send_packet`, `delivery.fetch.fetch_packet`, `delivery.verify.verify_folder`.
"""
