"""Every setting of Earful: one environment variable each (`EARFUL_...`), read once at start."""

import difflib
import os
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["Settings", "SettingsError", "load_settings", "misspelt"]

PREFIX = "EARFUL_"
_NEARLY = 0.9
_NOT_IN_SIP = frozenset(' \t\r\n;,"<>')


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names the variable."""


class Settings(BaseSettings):
    """The settings, with their defaults. `earful config` shows them as they are now."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(
        default=Path("~/.earful"),
        description="Folder for the embedded database and everything else that Earful keeps.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description=(
            "Database to keep conversations in, `postgresql://USER:PASSWORD@HOST/NAME` or "
            "`sqlite:///PATH`. Unset: SQLite in the data folder."
        ),
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on; `0.0.0.0` to be reached from other machines.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    public_url: str | None = Field(
        default=None,
        description=(
            "Address under which clients reach this server, for links that it hands out. "
            "Unset: the address of each request."
        ),
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("*",),
        description="Web origins whose pages may call the API from a browser, separated by commas.",
    )
    local_sign_in: bool = Field(
        default=True,
        description=(
            "Let the page, opened on this machine under a loopback address, act as the default "
            "application without its secret. Turn off behind a proxy on the same machine."
        ),
    )
    token_lifetime: int = Field(
        default=86_400, ge=120, description="Seconds for which an access token is accepted."
    )
    max_frame_bytes: int = Field(
        default=1_048_576,
        ge=16_384,
        description="Largest WebSocket message accepted, in bytes; a larger one is answered with an error.",
    )
    max_body_bytes: int = Field(
        default=16_777_216,
        ge=1024,
        description="Largest JSON request body accepted by the REST API, in bytes.",
    )
    max_sockets_per_application: int = Field(
        default=1000, ge=1, description="WebSocket connections one application may hold at a time."
    )
    shutdown_grace: float = Field(
        default=10.0,
        ge=0,
        description="Seconds that live conversations get to finish after the server is told to stop.",
    )
    speech_threads: int | None = Field(
        default=None,
        ge=1,
        description="CPU threads for speech recognition. Unset: one for each core.",
    )
    max_streams: int | None = Field(
        default=None,
        ge=1,
        description="Live audio streams to take at a time. Unset: 16 for each speech thread.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description=(
            "Where speech models are computed: `cpu`, `cuda` (an NVIDIA GPU; the CPU and "
            "a line in the log when it cannot be used), or `auto`, the GPU where there is one."
        ),
    )
    speech_models: Annotated[dict[str, str], NoDecode] = Field(
        default={},
        description=(
            "Models for languages, such as `hi=whisper-medium,en=moonshine-base-en,*=whisper-small`. Unset: "
            "the English model that comes with Earful, and the largest of those pulled for other languages."
        ),
    )
    models_dir: Path | None = Field(
        default=None,
        description="Folder of the models that `earful models` keeps. Unset: `models` in the data folder.",
    )
    models_hub: str = Field(
        default="https://huggingface.co",
        description="Where `earful models pull` fetches from: Hugging Face or a mirror of it.",
    )
    max_upload_bytes: int = Field(
        default=2_147_483_648, ge=1024, description="Largest recording that may be sent or fetched, in bytes."
    )
    max_recording_hours: float = Field(
        default=4.0, gt=0, le=48, description="Longest recording that is recognised, in hours; at most 48."
    )
    max_jobs_per_application: int = Field(
        default=50, ge=1, description="Jobs that one application may have waiting or under way at a time."
    )
    job_workers: int = Field(
        default=1,
        ge=1,
        description="Jobs that work at a time (more take turns); one job uses every speech thread by itself.",
    )
    keep_recordings: bool = Field(
        default=False,
        description="Keep recordings until their conversation is deleted, not just until recognised.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        description="Fetch recordings from, and make webhook calls to, addresses of private networks too.",
    )
    endpoint_silence: float = Field(
        default=0.5,
        ge=0.3,
        le=1.2,
        description="Seconds of silence after which an utterance is taken to be complete.",
    )
    bodhi_models: Path | None = Field(
        default=None,
        description=(
            "TOML file that says what recognises each of Bodhi's model names. Unset: the table that "
            "comes with Earful (`src/earful/dialects/bodhi/models.toml`)."
        ),
    )
    bodhi_require_customer_id: bool = Field(
        default=False,
        description="Refuse Bodhi clients that send a key without its `x-customer-id`.",
    )
    bodhi_idle_timeout: float = Field(
        default=15.0,
        gt=0,
        description="Seconds without a message from a Bodhi client after which its session is ended.",
    )
    llm_url: str | None = Field(
        default=None,
        description=(
            "Base address of an OpenAI-compatible API (`http://localhost:11434/v1`) that writes summaries "
            "and call scores. Unset: they are made offline, without a language model."
        ),
    )
    llm_model: str | None = Field(
        default=None, description="Name of the language model to use; needed with `EARFUL_LLM_URL`."
    )
    llm_api_key: SecretStr | None = Field(default=None, description="Key for that API, if it wants one.")
    smtp_host: str | None = Field(
        default=None,
        description="Mail server through which summaries are mailed. Unset: no mail is sent.",
    )
    smtp_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Its port. Unset: 587, or 465 with `EARFUL_SMTP_SECURITY=tls`, or 25 with `none`.",
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description=(
            "How the connection to the mail server is protected: `starttls` (and not without), `tls` from "
            "the first byte, or `none`."
        ),
    )
    smtp_user: str | None = Field(default=None, description="User to sign in as at the mail server, if any.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of that user.")
    smtp_from: str | None = Field(
        default=None,
        validate_default=True,
        description="Address that mails come from, `Earful <earful@example.com>`; needed with a mail server.",
    )
    smtp_max_recipients: int = Field(
        default=20, ge=1, description="Recipients that one request for a mail may name."
    )
    smtp_daily_limit: int = Field(
        default=500, ge=1, description="Mails that one application may have sent in 24 hours."
    )
    smtp_recipient_domains: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Domains that mails may go to, separated by commas, subdomains included. Unset: any.",
    )
    smtp_mail_speakers: bool = Field(
        default=True,
        description=(
            "Mail the summary to each speaker of a live conversation who is known by an e-mail address, "
            "as Symbl does."
        ),
    )
    baresip: str = Field(
        default="baresip",
        description="The program that makes and takes telephone calls (Debian: `baresip-core`).",
    )
    sip_domains: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description=(
            "SIP domains that may be called, separated by commas: `pbx.example.com`, `*.example.com`, or `*` "
            "for all on the public internet. Unset: none. A host of a private network must be named itself."
        ),
    )
    sip_trunk: str | None = Field(
        default=None,
        description=(
            "SIP trunk that carries calls to telephone numbers, `HOST[:PORT][;transport=udp|tcp|tls]`. "
            "Unset: no numbers are called."
        ),
    )
    sip_trunk_user: str | None = Field(default=None, description="User name at the trunk.")
    sip_trunk_password: SecretStr | None = Field(
        default=None, description='Password at the trunk; it may not hold blanks, `;`, `,`, `"`, `<` or `>`.'
    )
    sip_trunk_proxy: str | None = Field(
        default=None, description="Proxy that calls to the trunk go through, `HOST[:PORT]`, if there is one."
    )
    sip_trunk_plus: bool = Field(
        default=True, description="Give numbers to the trunk with a `+` in front of the country code."
    )
    sip_prefixes: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description=(
            "Beginnings of the telephone numbers that may be called, separated by commas: `+1,+4420`; "
            "`+` for all. Unset: none. Numbers that cost extra must be there whole."
        ),
    )
    sip_caller_id: str = Field(
        default="earful",
        description="Who calls, as the other side sees it: a number or user name, or `user@domain`.",
    )
    sip_address: str | None = Field(
        default=None,
        description="Local IP address or network interface for calls. Unset: that of the default route.",
    )
    sip_codecs: Annotated[tuple[Literal["pcmu", "pcma", "opus"], ...], NoDecode] = Field(
        default=("pcmu", "pcma", "opus"),
        min_length=1,
        description="Audio codecs of calls, the best liked first, separated by commas.",
    )
    sip_media_encryption: Literal["srtp", "srtp-mand", "dtls_srtp"] | None = Field(
        default=None,
        description="Encrypt the audio of calls: `srtp` offers it, `srtp-mand` and `dtls_srtp` insist on it.",
    )
    sip_ca_file: Path | None = Field(
        default=None,
        description=(
            "PEM file of the authorities that SIP servers over TLS must be certified by. "
            "Unset: those of this machine."
        ),
    )
    sip_rtp_ports: str = Field(
        default="16384-32767",
        pattern=r"^\d{4,5}-\d{4,5}$",
        description="UDP ports for the audio of calls, two for each call.",
    )
    sip_listen: str | None = Field(
        default=None,
        description="Address and port to take calls at, `0.0.0.0:5060` (UDP and TCP). Unset: none are taken.",
    )
    sip_tls_listen: str | None = Field(
        default=None, description="Address and port to take calls at over TLS, `0.0.0.0:5061`."
    )
    sip_tls_certificate: Path | None = Field(
        default=None, description="PEM file with the certificate and key for calls over TLS."
    )
    sip_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description=(
            "Addresses and networks whose calls are taken, separated by commas: `10.0.0.5,192.0.2.0/24`. "
            "Unset: none."
        ),
    )
    sip_user: str | None = Field(
        default=None,
        description="User name that callers must sign in with (digest), with `EARFUL_SIP_PASSWORD`.",
    )
    sip_password: SecretStr | None = Field(
        default=None,
        description=(
            "Password of that user. With it, and without `EARFUL_SIP_SOURCES`, calls of any source are taken "
            "that know it; with both, it takes both."
        ),
    )
    sip_registrar: str | None = Field(
        default=None,
        description=(
            "Registrar (PBX) to register at, so that calls to the user there come here, "
            "`HOST[:PORT][;transport=udp|tcp|tls]`. Calls from its address are taken."
        ),
    )
    sip_registrar_user: str | None = Field(default=None, description="User to register.")
    sip_registrar_password: SecretStr | None = Field(default=None, description="That user's password.")
    sip_registrar_proxy: str | None = Field(
        default=None,
        description="Proxy that the registrar is reached through, `HOST[:PORT]`, if there is one.",
    )
    sip_registrar_expires: int = Field(
        default=600, ge=60, le=86_400, description="Seconds after which the registration is to be made anew."
    )
    sip_stun: str | None = Field(
        default=None,
        description=(
            "STUN server, `HOST[:PORT]`, that tells calls their audio's public address, where neither trunk "
            "nor PBX finds it out by itself."
        ),
    )
    sip_application: str = Field(
        default="default",
        description="Application (name or id) that conversations of incoming calls belong to.",
    )
    sip_language: str = Field(
        default="en-US", description="Language of incoming calls, and of outgoing ones that name none."
    )
    max_calls_per_application: int = Field(
        default=10, ge=1, description="Telephone calls that one application may have at a time."
    )
    max_call_seconds: float = Field(
        default=7200.0, gt=0, le=86_400, description="Longest telephone call, in seconds; then it is hung up."
    )
    call_ring_seconds: float = Field(
        default=60.0, gt=0, le=300, description="Seconds that a call may ring before it is given up."
    )
    call_media_timeout: float = Field(
        default=60.0,
        gt=0,
        description="Seconds without any audio (not on hold) after which a call is taken to be lost.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe events to log."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="`console` for people, `json` for machines; `auto` is console on a terminal.",
    )

    @field_validator("data_dir")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("sip_domains", "sip_prefixes")
    @classmethod
    def _plain(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one.strip("[]").rstrip(".").lower() for one in value)

    @field_validator("sip_prefixes")
    @classmethod
    def _numbers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not one.startswith("+") or not (one[1:].isdigit() or one == "+"):
                raise ValueError(f"{one!r} must be + and digits, such as +4420")
        return value

    @field_validator("sip_sources")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one, strict=False)
        return value

    @field_validator(
        *("sip_caller_id", "sip_trunk_user", "sip_trunk_proxy", "sip_address"),
        *("sip_user", "sip_registrar_user", "sip_registrar_proxy", "sip_stun"),
    )
    @classmethod
    def _in_sip(cls, value: str | None) -> str | None:
        if value is not None and (not value or set(value) & _NOT_IN_SIP):
            raise ValueError('must not be empty, nor hold blanks or any of ; , " < >')
        return value

    @field_validator("sip_trunk_password", "sip_registrar_password")
    @classmethod
    def _secret_in_sip(cls, value: SecretStr | None) -> SecretStr | None:
        cls._in_sip(None if value is None else value.get_secret_value())
        return value

    @field_validator(
        *("cors_origins", "smtp_recipient_domains"),
        *("sip_domains", "sip_prefixes", "sip_codecs", "sip_sources"),
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("speech_models", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [[side.strip() for side in part.split("=", 1)] for part in value.split(",") if part.strip()]
        if any(len(pair) != 2 or not all(pair) for pair in pairs):
            raise ValueError("must be a list such as hi=whisper-medium,*=whisper-small")
        return {language.replace("_", "-").split("-", 1)[0].lower(): model for language, model in pairs}

    @field_validator("public_url")
    @classmethod
    def _whole_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            if info.data.get("smtp_host"):
                raise ValueError("is needed when EARFUL_SMTP_HOST is set")
            return None
        address = parseaddr(value)[1]
        if not address or "@" not in address or not value.isprintable():
            raise ValueError("must be an address such as Earful <earful@example.com>")
        return value

    @property
    def models(self) -> Path:
        """The folder of the speech models in force."""
        return self.models_dir or self.data_dir / "models"

    @property
    def database(self) -> str:
        """The database URL in force."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'earful.db'}"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; overrides that are not None win over the environment.

    Raises `SettingsError`, whose message has one line for each bad value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"{_source(problem['loc'], given)}: {problem['msg']}" for problem in error.errors()]
        raise SettingsError("\n".join(lines)) from None


def misspelt() -> dict[str, str]:
    """Return the variables of the environment that are no settings but nearly, and those they are nearly."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    others = (name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    near = {name: difflib.get_close_matches(name.upper(), known, 1, _NEARLY) for name in sorted(others)}
    return {name: meant[0] for name, meant in near.items() if meant}


def _source(location: tuple[int | str, ...], given: dict[str, Any]) -> str:
    name = str(location[0])
    return f"--{name.replace('_', '-')}" if name in given else f"{PREFIX}{name.upper()}"
