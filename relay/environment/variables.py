"""Every environment variable, once: `.env.example` and `docs/configuration.md` are tested against it."""

from __future__ import annotations

from relay.environment.cache_variables import CACHE
from relay.environment.routing_variables import ROUTING
from relay.environment.variable import Variable

MEGABYTE = 1024 * 1024

GROUPS: dict[str, tuple[Variable, ...]] = {
    "Address": (
        Variable(
            "HOST", "text", "127.0.0.1", "Address to listen on; 0.0.0.0 or :: opens the relay to the network."
        ),
        Variable("PORT", "integer", 8000, "Port to listen on.", minimum=0, maximum=65535),
        Variable("LISTEN_ADDR", "text", "", "HOST and PORT in one, `host:port` or `:port`; wins over both."),
        Variable("PROXY_BASE_URL", "url", "", "Public address of the relay; with https:// also HTTPS_ONLY."),
        Variable(
            "ALLOWED_HOSTS",
            "list",
            (),
            "More names under which the admin and the management API may be called.",
        ),
        Variable(
            "TRUSTED_PROXIES",
            "networks",
            (),
            "Addresses and networks whose X-Forwarded-For and -Proto are believed.",
        ),
        Variable(
            "CA_CERTIFICATES",
            "path",
            "",
            "Further authorities that providers may be signed by: a file, or a folder of .pem, .crt, .cer.",
        ),
        Variable("HTTPS_ONLY", "boolean", None, "Secure cookies, HSTS, and a redirect to https outside /v1."),
        Variable(
            "CORS_ALLOWED_ORIGINS",
            "origins",
            (),
            "Web pages that may call /v1 with keys whose project lists none; `*` is all of them.",
        ),
    ),
    "Provider and first key (copied into an empty database)": (
        Variable(
            "TARGET_BASE_URL",
            "url",
            "https://api.openai.com",
            "Address of the first provider; without a path it gets /v1.",
            ("OPENAI_API_URL",),
        ),
        Variable("TARGET_API_KEY", "secret", "", "The provider's API key."),
        Variable("PROXY_KEY", "secret", "", "The key your applications send; generated when empty."),
        Variable("DEFAULT_MODEL", "text", "", "Model of a request that names none."),
        Variable("ADMIN_USERNAME", "text", "admin", "First user of the admin.", ("ADMIN_USER",)),
        Variable("ADMIN_PASSWORD", "secret", "", "Password of the first user; generated when empty."),
        Variable(
            "INJECT_STREAM_USAGE",
            "boolean",
            True,
            "Ask the provider for token usage in streams that do not ask themselves.",
        ),
    ),
    "Choosing providers (copied into an empty database)": ROUTING,
    "Files (imported into an empty database)": (
        Variable("CONFIG_PATH", "path", "", "Providers, routes and processors in TOML."),
        Variable(
            "CONFIG_DIR",
            "path",
            "",
            "Folder whose relay.toml and api_providers.yaml are read where none is named.",
        ),
        Variable("API_CONFIG_PATH", "path", "", "Providers in YAML: `apis:`, or LiteLLM's `model_list:`."),
    ),
    "Time limits": (
        Variable(
            "CONNECT_TIMEOUT_SECONDS",
            "seconds",
            10.0,
            "How long a provider may take to accept the connection.",
        ),
        Variable(
            "HTTP_TIMEOUT_SECONDS",
            "seconds",
            600.0,
            "Default of the next two.",
            ("REQUEST_TIMEOUT_SECS",),
        ),
        Variable(
            "FIRST_BYTE_TIMEOUT_SECONDS",
            "seconds",
            None,
            "How long until its answer begins.",
            ("TTFT_TIMEOUT_SECS",),
        ),
        Variable("IDLE_TIMEOUT_SECONDS", "seconds", None, "How long between two parts of its answer."),
        Variable(
            "TOTAL_TIMEOUT_SECONDS",
            "seconds",
            None,
            "How long a whole call may take; empty is without limit.",
        ),
        Variable("GRACE_SECONDS", "seconds", 30.0, "How long a stop waits for running requests."),
    ),
    "Sizes": (
        Variable(
            "MAX_REQUEST_BYTES",
            "integer",
            100 * MEGABYTE,
            "Largest request body; a larger one gets 413.",
            ("MAX_REQUEST_SIZE",),
            minimum=1,
        ),
        Variable(
            "MAX_INFLIGHT_BYTES",
            "integer",
            256 * MEGABYTE,
            "Request bodies that one worker holds at a time.",
            minimum=1,
        ),
        Variable(
            "MAX_INFLIGHT_REQUESTS", "integer", 4096, "Requests one worker serves at a time.", minimum=1
        ),
        Variable(
            "LOG_MAX_BODY_BYTES",
            "integer",
            10 * MEGABYTE,
            "Largest body kept whole in a record; of a larger one both ends.",
            minimum=0,
        ),
    ),
    "Response cache": CACHE,
    "Records (copied into an empty database)": (
        Variable(
            "REDACT_LOGS",
            "boolean",
            False,
            "Replace personal data and secrets in records before they are stored.",
        ),
    ),
    "Storage": (
        Variable("DATA_DIR", "path", "data", "Folder of the database, the journal and the secrets."),
        Variable(
            "DATABASE_URL",
            "secret",
            "",
            "`postgres://user:password@host:5432/name` or `sqlite:///file`.",
            ("DB_URL",),
        ),
        Variable("DATABASE_PATH", "path", "", "A SQLite file, when there is no DATABASE_URL."),
        Variable("LOG_DATABASE_URL", "secret", "", "A database of their own for the records."),
        Variable(
            "DATABASE_CONN_MAX_AGE_SECONDS",
            "integer",
            60,
            "How long workers and recorder keep a PostgreSQL connection.",
            minimum=0,
        ),
        Variable(
            "REDIS_URL",
            "secret",
            "",
            "`redis://host:6379/0`: where several machines count their limits together.",
        ),
        Variable(
            "JOURNAL_FSYNC_MS",
            "integer",
            1000,
            "How often the journal is forced to disk; 0 is never.",
            minimum=0,
        ),
    ),
    "Audit trail": (
        Variable("AUDIT_ENABLED", "boolean", True, "Keep a trail of changes, logins and refused calls."),
        Variable("AUDIT_STORE_IN_DB", "boolean", True, "Keep it in the database."),
        Variable(
            "AUDIT_LOG_FILE",
            "path",
            "",
            "Keep it in this file too; `DATA_DIR/audit.log` when empty, `-` for none.",
        ),
        Variable("AUDIT_CREATE_DIR", "boolean", True, "Create the folder of that file."),
    ),
    "Events": (
        Variable(
            "LLM_PROXY_EVENT_BUS",
            "choice",
            "database",
            "How events come to dispatchers; redis needs `REDIS_URL`, in-memory means database.",
            choices=("database", "redis", "in-memory", "redis-streams"),
        ),
        Variable(
            "OBSERVABILITY_BUFFER_SIZE",
            "integer",
            1000,
            "Events that a dispatcher takes at once and shares with no other.",
            minimum=1,
        ),
        Variable(
            "OBSERVABILITY_ENABLED",
            "boolean",
            True,
            "Of an earlier system, without effect: records are always told to dispatchers.",
        ),
        Variable("FILE_EVENT_LOG", "path", "", "File that every event is appended to, as a line of JSON."),
        Variable(
            "LLM_PROXY_API_KEY", "secret", "", "Key of the service that `manage.py dispatch` delivers to."
        ),
    ),
    "Secrets (generated into DATA_DIR when empty)": (
        Variable("SECRET_KEY", "secret", "", "Signs the sessions of the admin."),
        Variable(
            "FIELD_ENCRYPTION_KEYS",
            "secrets",
            (),
            "Keys of 32 bytes in base64, newest first: encrypt provider keys and the journal.",
            ("ENCRYPTION_KEY",),
        ),
        Variable("MANAGEMENT_TOKEN", "secret", "", "Bearer token of the management API.", ("ADMIN_KEY",)),
    ),
    "Keys": (
        Variable(
            "DEFAULT_TOKEN_LIFETIME",
            "lifetime",
            "30d",
            "Life of a token that names no end: `30d`, `24h`, `never`; a bare number is days.",
        ),
    ),
    "Alerts by e-mail": (
        Variable(
            "EMAIL_URL",
            "secret",
            "",
            "`smtp+tls://user:password@host:587`, `smtp+ssl://…:465` or `smtp://…:25`.",
        ),
        Variable("EMAIL_FROM", "text", "llm-relay@localhost", "Whom e-mails come from."),
    ),
    "Management API and signing in": (
        Variable(
            "MANAGE_API_BASE_URL", "url", "", "Another relay for `manage.py project`, `token`, `credential`."
        ),
        Variable(
            "ACCESS_TOKEN_EXPIRE_MINUTES",
            "integer",
            30,
            "Life of the token that POST /admin/login gives; it can be refreshed for a day.",
            minimum=1,
        ),
        Variable(
            "LOGIN_FAILURE_LIMIT",
            "integer",
            10,
            "Failed attempts that lock a name for an address; five times as many lock the address itself.",
            minimum=1,
        ),
        Variable("LOGIN_LOCKOUT_SECONDS", "integer", 900, "How long a lock lasts.", minimum=1),
        Variable(
            "MANAGEMENT_RATE_LIMIT_PER_MINUTE",
            "integer",
            1200,
            "Calls of the management API that one user, or the management token, may make in a minute.",
            minimum=1,
        ),
    ),
    "Processes and logs": (
        Variable("WORKERS", "integer", 1, "Worker processes for /v1.", minimum=1),
        Variable("NODE_ID", "text", "", "Name of this machine among several; generated when empty."),
        Variable(
            "LOG_LEVEL",
            "choice",
            "info",
            "How much is logged.",
            choices=("debug", "info", "warning", "warn", "error", "critical"),
        ),
        Variable(
            "LOG_FORMAT",
            "choice",
            "plain",
            "Form of the log lines; console and text are plain.",
            choices=("plain", "json", "console", "text"),
        ),
        Variable("LOG_FILE", "path", "", "File to log to; empty is standard output."),
        Variable(
            "LOG_MAX_SIZE_MB", "number", 10.0, "Size at which LOG_FILE is rotated; 0 never does.", minimum=0
        ),
        Variable(
            "LOG_MAX_BACKUPS", "integer", 5, "Rotated files that are kept, as LOG_FILE.1 and on.", minimum=0
        ),
        Variable("METRICS_TOKEN", "secret", "", "Bearer token that /metrics asks for; empty leaves it open."),
        Variable("DEBUG", "boolean", False, "Django's error pages. Never on a network."),
        Variable("ENV_FILE", "path", ".env", "File the other variables are read from; real ones win."),
    ),
}

TABLE: dict[str, Variable] = {variable.name: variable for group in GROUPS.values() for variable in group}
