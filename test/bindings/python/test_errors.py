import pytest
from aws_cdk import Stack
from cdk_waf_captcha_api_key import WafCaptchaApiKey, WafScope


def test_the_library_says_what_it_expected_and_what_it_got():
    with pytest.raises(RuntimeError, match='expected a bare host name such as "example.com", got "co.uk": it is a public suffix'):
        WafCaptchaApiKey(Stack(), "Key", scope=WafScope.REGIONAL, token_domains=["co.uk"])
