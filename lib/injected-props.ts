import { PropertyInjectors } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The props of a construct after the nearest property injector for its class, if any, has changed them. */
export function injectedProps<T>(injectionId: string, props: T, scope: Construct, id: string): T {
  const [injector] = scope.node.scopes
    .reverse()
    .filter(each => PropertyInjectors.hasPropertyInjectors(each))
    .flatMap(each => PropertyInjectors.of(each).for(injectionId) ?? []);
  return injector ? injector.inject(props, { scope, id }) : props;
}
