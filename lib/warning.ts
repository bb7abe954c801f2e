import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Warns at a construct; the user can acknowledge the warning by its id, with the library's name before it. */
export function warn(id: string, construct: Construct, message: string): void {
  Annotations.of(construct).addWarningV2(`cdk-waf-captcha-api-key:${id}`, message);
}
