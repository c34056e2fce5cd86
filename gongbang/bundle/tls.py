"""The bundle's certificate authority, and server certificates for the addresses that it listens on."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gongbang import paths
from gongbang.files import write_atomically

CA_DAYS = 3650
SERVER_DAYS = 365
RENEW_DAYS = 30


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


def authority() -> Pair:
    """The authority in the data folder, made on first use and again when it is about to end."""
    pair = Pair(paths.data_dir() / "ca.crt", paths.data_dir() / "ca.key")
    if not _lasts(pair):
        paths.private_dir(paths.data_dir())
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("gongbang bundle authority")
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        built = (
            _certificate(name, name, key, key, CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(pair, built, key)
    return pair


def server(address: str, folder: Path) -> Pair:
    """A server certificate for an address, kept in a folder while it lasts and its authority stands."""
    pair = Pair(folder / "server.crt", folder / "server.key")
    issuer = authority()
    ca = x509.load_pem_x509_certificate(issuer.certificate.read_bytes())
    if not (_lasts(pair) and _issued_by(pair, ca)):
        key = ec.generate_private_key(ec.SECP256R1())
        ca_key = serialization.load_pem_private_key(issuer.key.read_bytes(), None)
        if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{issuer.key} holds no elliptic curve key")
        names = x509.SubjectAlternativeName([_san(address)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        built = (
            _certificate(_name(address), ca.subject, key, ca_key, SERVER_DAYS)
            .add_extension(names, critical=False)
            .add_extension(usage, critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        _write(pair, built, key)
    return pair


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    days: int,
) -> x509.CertificateBuilder:
    """What both kinds have in common; Python's own clients refuse what does not name both keys."""
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )


def _lasts(pair: Pair) -> bool:
    if not (pair.certificate.exists() and pair.key.exists()):
        return False
    end = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).not_valid_after_utc
    return end - dt.datetime.now(dt.UTC) > dt.timedelta(days=RENEW_DAYS)


def _issued_by(pair: Pair, ca: x509.Certificate) -> bool:
    try:
        x509.load_pem_x509_certificate(pair.certificate.read_bytes()).verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is made
        return False
    return True


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _san(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = key.private_bytes(pem, form, serialization.NoEncryption()).decode()
    write_atomically(pair.key, text, 0o600)
    write_atomically(pair.certificate, certificate.public_bytes(pem).decode(), 0o644)
