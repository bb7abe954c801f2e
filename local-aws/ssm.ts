import { AwsError } from './aws-error';
import { jsonService, requiredText } from './aws-json';
import type { Service } from './service';

/** Parameter values by name, the same in every Region. */
export type Parameters = Map<string, string>;

/** GetParameter; CloudFormation writes into the same map. */
export function ssm(accountId: string, parameters: Parameters): Service {
  return jsonService('AmazonSSM', {
    GetParameter: (input, { region }) => {
      const name = requiredText(input, 'Name');
      const value = parameters.get(name);
      if (value === undefined) throw new AwsError('ParameterNotFound', `no parameter ${name}`);
      const arn = `arn:aws:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
      return {
        Parameter: { Name: name, Value: value, Type: 'String', Version: 1, ARN: arn, DataType: 'text' },
      };
    },
  });
}
