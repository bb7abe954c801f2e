"""What PyPI checks of a wheel's METADATA when it is uploaded: https://docs.pypi.org/project_metadata/ and, for what
that leaves open, warehouse/forklift/metadata.py. The installed package has the METADATA of its wheel."""

from importlib.metadata import distribution
from urllib.parse import urlsplit

import pytest
from packaging.metadata import Metadata
from readme_renderer import markdown
from trove_classifiers import classifiers

TEXT = distribution("cdk-waf-captcha-api-key").read_text("METADATA")
# setuptools writes License-File into metadata older than that field; twine, which uploads, lets it pass
LINES = [line for line in TEXT.split("\n") if not line.startswith("License-File: ")]
METADATA = Metadata.from_email("\n".join(LINES), validate=True)


def test_every_field_keeps_the_core_metadata_specification():
    assert METADATA.name == "cdk-waf-captcha-api-key"
    assert METADATA.summary and len(METADATA.summary) <= 512


@pytest.mark.parametrize(
    "label,url",
    [("Home-Page", METADATA.home_page), *(METADATA.project_urls or {}).items()],
)
def test_urls_are_http_or_https(label, url):
    assert len(label) <= 32
    assert urlsplit(url).scheme in ("http", "https")
    assert urlsplit(url).hostname == "github.com"


def test_the_classifiers_exist():
    assert set(METADATA.classifiers) <= classifiers
    assert {"Framework :: AWS CDK", "Framework :: AWS CDK :: 2"} <= set(METADATA.classifiers)


def test_the_description_renders():
    assert METADATA.description_content_type == "text/markdown"
    assert markdown.render(METADATA.description)
