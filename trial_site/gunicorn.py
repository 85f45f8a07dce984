"""How gunicorn serves the trial in production, behind a proxy that ends TLS (README)."""

import os

bind = "0.0.0.0:8000"  # inside a container, which decides what is published
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "4"))
# A worker that has grown is replaced, at a different moment for each.
max_requests, max_requests_jitter = 5000, 500
control_socket_disable = True
accesslog = "-"
# Without the query, which can hold what somebody searched for.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'
