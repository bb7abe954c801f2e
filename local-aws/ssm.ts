import { AwsError } from './aws-error';
import { jsonService, requiredText } from './aws-json';
import { parameterKey } from './cloudformation';
import type { Service } from './service';

/** GetParameter; CloudFormation writes into the same map, by `parameterKey`. */
export function ssm(accountId: string, parameters: Pick<ReadonlyMap<string, string>, 'get'>): Service {
  return jsonService('AmazonSSM', {
    GetParameter: (input, { region }) => {
      const name = requiredText(input, 'Name');
      const value = parameters.get(parameterKey(region, name));
      if (value === undefined) throw new AwsError('ParameterNotFound', `no parameter ${name}`);
      const arn = `arn:aws:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
      return {
        Parameter: { Name: name, Value: value, Type: 'String', Version: 1, ARN: arn, DataType: 'text' },
      };
    },
  });
}
