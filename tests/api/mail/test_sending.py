"""Letters on their way to a real mail server that encrypts, asks who we are, refuses or hangs."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from optout.api.errors import LetterDelayed, LetterRefused
from optout.api.http.world import mailer_of
from optout.api.mail import Letter, Mailer, OutboxMailer, Post, SmtpMailer
from optout.api.settings import Settings

from .boxes import Dropping, Handler, Server, Silent, run, serving

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
POST = Post("optout@optout.example", "https://optout.example", lambda: NOW)
VALUES: dict[str, str | int] = {
    "code": "01234567",
    "minutes": 10,
    "case": "K7WQ-2MZD",
    "link": "https://optout.example/case/code",
}


def letter(recipient: str = "anna@anna.example") -> Letter:
    return POST.write("code", "fr", recipient, VALUES)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(scope="module")
def theirs(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="module")
def trust(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


def test_a_letter_arrives_as_it_was_written() -> None:
    handler, sent = Handler(), letter()

    async def work() -> None:
        async with serving(lambda: Server(handler, hostname="mail.example")) as port:
            mailer = SmtpMailer("127.0.0.1", port, security="none", name="optout.example")
            await mailer.send(sent)

    run(work())
    ((sender, recipients, content),) = handler.taken
    assert (sender, recipients) == ("optout@optout.example", ["anna@anna.example"])
    assert content == sent.as_bytes()
    assert handler.names == ["optout.example"]


def authenticator(_s: Server, _e: Session, _v: Envelope, _m: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    return AuthResult(success=given.password == b"opensesame", handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_letters_travel_encrypted_and_we_say_who_we_are(
    security: str, theirs: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    handler = Handler()
    whole = theirs if security == "tls" else None

    def make() -> Server:
        return Server(
            handler,
            hostname="mail.example",
            tls_context=None if whole else theirs,
            require_starttls=whole is None,
            auth_required=True,
            auth_require_tls=whole is None,
            authenticator=authenticator,
        )

    async def work() -> None:
        async with serving(make, whole) as port:
            for password in ("opensesame", "wrong"):
                mailer = SmtpMailer(
                    "127.0.0.1",
                    port,
                    security=security,
                    username="optout",
                    password=password,
                    trust=trust,
                )
                if password == "wrong":
                    with pytest.raises(LetterDelayed, match="does not let us in"):
                        await mailer.send(letter())
                else:
                    await mailer.send(letter())

    run(work())
    assert len(handler.taken) == 1


def test_nothing_is_sent_in_the_clear_where_encryption_was_asked_for() -> None:
    handler = Handler()

    async def work() -> None:
        async with serving(lambda: Server(handler, hostname="mail.example")) as port:
            with pytest.raises(LetterDelayed, match="does not offer STARTTLS"):
                await SmtpMailer("127.0.0.1", port).send(letter())

    run(work())
    assert handler.taken == []


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(theirs: ssl.SSLContext) -> None:
    async def work() -> None:
        async with serving(lambda: Server(Handler(), hostname="m"), theirs) as port:
            with pytest.raises(LetterDelayed, match="certificate is not to be trusted"):
                await SmtpMailer("127.0.0.1", port, security="tls").send(letter())

    run(work())


@pytest.mark.parametrize(
    ("rcpt", "data", "error", "message"),
    [
        (
            "550 bad@anna.example unknown",
            "250 OK",
            LetterRefused,
            r"refuses this recipient \(550\)",
        ),
        ("450 greylisted", "250 OK", LetterDelayed, r"does not take this recipient now \(450\)"),
        ("250 OK", "554 no", LetterRefused, r"refuses this letter \(554\)"),
        ("250 OK", "451 later", LetterDelayed, r"does not take this letter now \(451\)"),
    ],
)
def test_a_refusal_is_for_now_or_for_good_and_names_nobody(
    rcpt: str, data: str, error: type[Exception], message: str
) -> None:
    async def work() -> None:
        async with serving(lambda: Server(Handler(rcpt, data), hostname="m")) as port:
            with pytest.raises(error, match=message) as caught:
                await SmtpMailer("127.0.0.1", port, security="none").send(
                    letter("bad@anna.example")
                )
            assert "anna" not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__

    run(work())


def test_a_sender_may_be_refused() -> None:
    class Strict(Handler):
        async def handle_MAIL(self, *_: object) -> str:  # noqa: N802
            return "553 not you"

    async def work() -> None:
        async with serving(lambda: Server(Strict(), hostname="m")) as port:
            with pytest.raises(LetterRefused, match=r"this sender \(553\)"):
                await SmtpMailer("127.0.0.1", port, security="none").send(letter())

    run(work())


def test_a_batch_needs_one_connection_whatever_becomes_of_its_letters() -> None:
    handler = Handler(rcpt="550 no")
    made = []

    def make() -> Server:
        made.append(Server(handler, hostname="m"))
        return made[-1]

    async def work() -> None:
        async with serving(make) as port:
            mailer = SmtpMailer("127.0.0.1", port, security="none")
            async with mailer.batch():
                await mailer.send(letter("a@anna.example"))
                with pytest.raises(LetterRefused):
                    await mailer.send(letter("bad@anna.example"))
                await mailer.send(letter("b@anna.example"))
            assert len(made) == 1
            await mailer.send(letter("c@anna.example"))
            assert len(made) == 2

    run(work())
    assert [recipients[0][0] for _, recipients, _ in handler.taken] == ["a", "b", "c"]


def test_a_server_that_hangs_is_not_waited_for() -> None:
    async def work() -> None:
        async with serving(Silent) as port:
            mailer = SmtpMailer("127.0.0.1", port, security="none", seconds=0.1)
            with pytest.raises(LetterDelayed, match="does not answer in time"):
                await mailer.send(letter())

    run(work())


def test_one_letter_takes_so_long_and_no_longer_behind_others_too() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        async with serving(Silent) as port:
            mailer = SmtpMailer("127.0.0.1", port, security="none", letter_seconds=0.2)
            begun = loop.time()
            sends = (mailer.send(letter()) for _ in range(20))
            told = await asyncio.gather(*sends, return_exceptions=True)
            assert loop.time() - begun < 2
        assert {type(one) for one in told} == {LetterDelayed}
        assert {str(one) for one in told} == {str(told[0])}
        assert "does not answer in time" in str(told[0])

    run(work())


def test_what_the_server_has_taken_is_sent_however_slowly_it_parts() -> None:
    class Parting(Server):
        async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's own name
            await asyncio.sleep(0.6)
            await super().smtp_QUIT(arg)

    async def work() -> None:
        async with serving(lambda: Parting(Handler(), hostname="m")) as port:
            mailer = SmtpMailer("127.0.0.1", port, security="none", letter_seconds=0.5)
            await mailer.send(letter())

    run(work())


def test_a_server_that_hangs_up_or_is_away_delays() -> None:
    async def work() -> None:
        async with serving(Dropping) as port:
            mailer = SmtpMailer("127.0.0.1", port, security="none", seconds=2)
            with pytest.raises(LetterDelayed, match="is away or hung up"):
                await mailer.send(letter())
        with pytest.raises(LetterDelayed, match="is away or hung up"):
            await mailer.send(letter())

    run(work())


def test_the_settings_say_which_way_letters_leave(tmp_path: Path) -> None:
    mail = {"host": "127.0.0.1", "security": "none", "password": "opensesame", "seconds": 1}
    chosen: list[Mailer] = [mailer_of(Settings(state=tmp_path))]
    (outbox,) = chosen
    assert isinstance(outbox, OutboxMailer)
    assert outbox.folder == tmp_path / "outbox"

    handler = Handler()

    async def work() -> None:
        async with serving(lambda: Server(handler, hostname="m")) as port:
            held = Settings.model_validate(
                {"mail": {**mail, "port": port}, "public_url": "https://optout.example"}
            )
            chosen.append(mailer_of(held))
            await chosen[-1].send(letter())

    run(work())
    assert handler.names == ["optout.example"]


def test_who_stops_waiting_in_the_middle_of_a_letter_leaves_no_connection_behind() -> None:
    """What the server would say next is an answer to nothing."""
    connections: list[asyncio.BaseTransport] = []

    class Slow(Silent):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transport.write(b"220 mail.example\r\n")
            connections.append(transport)

        def connection_lost(self, _: Exception | None) -> None:
            connections.clear()

    async def work() -> None:
        async with serving(Slow) as port:
            mailer = SmtpMailer("127.0.0.1", port, security="none")

            async def sending() -> None:
                async with mailer.batch():
                    await mailer.send(letter())

            task = asyncio.create_task(sending())
            while not connections:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.05)
            assert connections == []

    run(work())
