from __future__ import annotations

import ipaddress
import ssl
from contextlib import suppress
from pathlib import Path

from cryptography import x509

from gongbang import paths
from gongbang.bundle import tls


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_server_certificate_is_for_the_address_and_signed_by_the_authority(tmp_path: Path) -> None:
    pair = tls.server("172.30.36.1", tmp_path)
    found = certificate(pair.certificate)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("172.30.36.1")]
    found.verify_directly_issued_by(certificate(paths.data_dir() / "ca.crt"))


def test_a_client_that_is_strict_takes_it(tmp_path: Path) -> None:
    pair = tls.server("127.0.0.1", tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pair.certificate, pair.key)
    asking = ssl.create_default_context(cafile=paths.data_dir() / "ca.crt")
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(here, there, server_side=True)
    client = asking.wrap_bio(there, here, server_hostname="127.0.0.1")
    for _ in range(3):
        for side in (client, server):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    assert client.version()


def test_certificates_stay_while_they_last(tmp_path: Path) -> None:
    first = tls.server("172.30.36.1", tmp_path).certificate.read_text()
    assert tls.server("172.30.36.1", tmp_path).certificate.read_text() == first


def test_a_new_authority_signs_anew(tmp_path: Path) -> None:
    first = tls.server("172.30.36.1", tmp_path).certificate.read_text()
    (paths.data_dir() / "ca.key").unlink()
    assert tls.server("172.30.36.1", tmp_path).certificate.read_text() != first


def test_keys_are_private(tmp_path: Path) -> None:
    pair = tls.server("172.30.36.1", tmp_path)
    for key in (pair.key, paths.data_dir() / "ca.key"):
        assert key.stat().st_mode & 0o077 == 0
    assert paths.data_dir().stat().st_mode & 0o077 == 0
