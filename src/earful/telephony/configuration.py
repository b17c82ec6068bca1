"""The files that tell one baresip process what to be: its configuration and its account. No I/O."""

from dataclasses import dataclass
from pathlib import Path

from earful.telephony.engine import Encryption, Target

__all__ = ["CONTROL_HOST", "Media", "account_for_answering", "account_for_dialling", "configuration"]

CONTROL_HOST = "127.83.73.80"
"""The loopback address of the control socket; only that socket is on it, which is how it is found."""

_APPS = ("account", "menu", "ctrl_tcp")
_MODULES = ("g711", "opus", "aufile", "aubridge", "sndfile", "plc")
_ENCRYPTION: dict[Encryption, str] = {"srtp": "srtp", "srtp-mand": "srtp", "dtls_srtp": "dtls_srtp"}
_CODECS = {"pcmu": "pcmu", "pcma": "pcma", "opus": "opus/48000/2"}


@dataclass(frozen=True, slots=True)
class Media:
    """How audio travels: codecs in the order of preference, encryption, and the UDP ports for RTP.

    `stun` is the server that tells which address of ours the other side sees.
    """

    codecs: tuple[str, ...]
    encryption: Encryption | None
    ports: tuple[int, int]
    stun: str | None = None


def configuration(
    folder: Path,
    modules: Path,
    silence: Path,
    media: Media,
    *,
    address: str | None,
    listen: str | None,
    ca_file: Path | None,
) -> str:
    """Return the file `config`. `folder` takes the recordings; `silence` is what the other side hears.

    `address` is the local IP address or interface for audio, `listen` the address for SIP; None leaves
    both to baresip. Options of newer versions stand beside those of older ones; each ignores the others.
    """
    wanted = list(_MODULES)
    if media.encryption is not None:
        # Not always: DTLS makes a key when it is loaded, which takes most of the time of a start.
        wanted.append(_ENCRYPTION[media.encryption])
    if media.stun is not None:
        wanted.append("stun")
    lines = [
        "poll_method epoll",
        "call_max_calls 1",
        "call_local_timeout 7200",
        "audio_player aubridge,earful",
        f"audio_source aufile,{silence}",
        "audio_alert aubridge,alert",
        "ausrc_srate 8000",
        "auplay_srate 8000",
        "ausrc_channels 1",
        "auplay_channels 1",
        "audio_buffer 20-160",
        f"rtp_ports {media.ports[0]}-{media.ports[1]}",
        "rtp_stats no",
        "jitter_buffer_type fixed",
        "jitter_buffer_delay 1-20",
        "audio_jitter_buffer_type fixed",
        "audio_jitter_buffer_delay 1-20",
        "statmode_default off",
        "menu_clean_number no",
        f"ctrl_tcp_listen {CONTROL_HOST}:0",
        f"snd_path {folder}",
        f"module_path {modules}",
        *(f"module {name}.so" for name in wanted if (modules / f"{name}.so").exists()),
        *(f"module_app {name}.so" for name in _APPS),
    ]
    if address is not None:
        lines.append(f"net_interface {address}")
    if listen is not None:
        lines.append(f"sip_listen {listen}")
    if ca_file is not None:
        lines += [f"sip_cafile {ca_file}", "sip_verify_server yes"]
    return "\n".join(lines) + "\n"


def account_for_dialling(target: Target, media: Media, caller: str) -> str:
    """Return the file `accounts` for a call to `target`. `caller` is a user, or `user@domain`."""
    user, _, domain = caller.partition("@")
    trunk = target.trunk
    transport = "" if target.transport == "udp" else f";transport={target.transport}"
    parts = [f"<sip:{user}@{domain or target.host}{transport}>", "regint=0", *_media(media)]
    # Also where a redirect leads to is asked for there: nothing is sent to a host that nobody allowed.
    outbound = target.via or (trunk.proxy if trunk and trunk.proxy else target.host)
    parts.append(f'outbound="sip:{outbound}{transport}"')
    if trunk is not None and trunk.user is not None:
        parts.append(f"auth_user={trunk.user}")
    # Without a password baresip asks for one on its terminal.
    parts.append(f"auth_pass={trunk.password if trunk and trunk.password else 'none'}")
    return ";".join(parts) + "\n"


def account_for_answering(user: str, media: Media) -> str:
    """Return the file `accounts` for one incoming call."""
    parts = [f"<sip:{user}@127.0.0.1>", "regint=0", "answermode=auto", "auth_pass=none", *_media(media)]
    return ";".join(parts) + "\n"


def _media(media: Media) -> list[str]:
    # Otherwise the other side could have us call anybody (REFER).
    parts = ["call_transfer=no", "audio_codecs=" + ",".join(_CODECS[name] for name in media.codecs)]
    if media.encryption is not None:
        parts.append(f"mediaenc={media.encryption}")
    if media.stun is not None:
        parts += ["medianat=stun", f'stunserver="stun:{media.stun}"']
    return parts
