package captchakey;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.cdk_waf_captcha_api_key.WafCaptchaApiKey;
import io.github.cdk_waf_captcha_api_key.WafScope;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awscdk.Stack;

class ErrorsTest {
  @Test
  void theLibrarySaysWhatItExpectedAndWhatItGot() {
    WafCaptchaApiKey.Builder key = WafCaptchaApiKey.Builder.create(new Stack(), "Key")
        .scope(WafScope.REGIONAL)
        .tokenDomains(List.of("co.uk"));
    String message = assertThrows(RuntimeException.class, key::build).getMessage();
    assertTrue(
        message.contains(
            "expected a bare host name such as \"example.com\", got \"co.uk\": it is a public suffix"),
        message);
  }
}
