"""What the JSON API and the pages share of HTTP.

registration    register_edge: joins all that follows to a Flask app, in one call
request_gate    what is refused before any route is asked: hosts, methods, framing, multipart, odd paths
problems        every error as application/problem+json (RFC 9457), one mapping from the error tree
refusal         an HTTP refusal with a stable code, raised anywhere in these rooms
idempotency     Idempotency-Key: an answer is kept in the transaction that made it
strict_json     the parser of JSON bodies and query arguments; strict_fields: its numbers and booleans
bodies          request bodies that are counted and paced, never trusted to be whole; digests: RFC 9530
ranges          Range, If-Range and Content-Disposition
file_answer     the answer that carries a file, its ranges, and its hard end
stalled_downloads  ends a download whose client stalls once its permission is over
response_headers  what every answer bears, and what a page may loosen
readiness       whether all that the service needs answers, within a bounded time
transfer_slots  how many transfers may run at once
metrics         what Prometheus reads: counts and times, labelled by words of ours alone
request_log     one line of the log a request, and the request's id; peer: from where it comes
paced_socket, request_head, small_writes, gateway_worker, gateway_server:
                the gunicorn that holds no thread for a silent client
"""
