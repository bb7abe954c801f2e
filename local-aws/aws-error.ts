import type { ServiceResponse } from './service';

/** An error as an AWS service answers it. `fields` are further modelled members of the error. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'AwsError';
  }
}

/** The error in the form of awsJson1_1; REST-JSON clients read the header. */
export function jsonError(error: AwsError): ServiceResponse {
  const { code, message, status, fields } = error;
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code },
    // the models disagree on the letter case of this member; real services send one, clients read both
    body: JSON.stringify({ __type: code, message, Message: message, ...fields }),
  };
}

/** The error in the form of the query protocol (STS, CloudFormation). */
export function queryError(error: AwsError): ServiceResponse {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  const detail = `<Type>${type}</Type>${codeAndMessage(error)}`;
  return xml(error.status, `<ErrorResponse><Error>${detail}</Error></ErrorResponse>`);
}

/** The error in S3's form. */
export function s3Error(error: AwsError): ServiceResponse {
  return xml(error.status, `<Error>${codeAndMessage(error)}</Error>`);
}

/** A successful or failed XML answer. */
export function xml(status: number, document: string): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${document}`,
  };
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function codeAndMessage({ code, message }: AwsError): string {
  return `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
}
