"""Sessions of HTTP that send what they are told, and where they are told to; nothing of the environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import requests


def web_session(headers: Mapping[str, str], through_proxy: bool) -> requests.Session:
    """A session with one keep-alive connection.

    Args:
        headers: sent with every request, such as a token.
        through_proxy: whether the environment's proxy and certificates count. Never for this machine: a proxy
            must not stand between us and 127.0.0.1.
    """
    session = requests.Session()
    session.trust_env = through_proxy
    # Without this, an entry in ~/.netrc would replace an Authorization header.
    session.auth = _as_it_is
    session.headers.update(headers)
    return session


def is_here(host: str) -> bool:
    """Whether a host is this machine, to which no proxy leads."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
