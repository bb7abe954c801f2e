import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Adds a warning to a construct; users can acknowledge it by its id, prefixed with the library's name. */
export function warn(id: string, construct: Construct, message: string): void {
  Annotations.of(construct).addWarningV2(`cdk-waf-captcha-api-key:${id}`, message);
}
