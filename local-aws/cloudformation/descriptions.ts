import type { ChangeSet } from './change-sets';
import type { Stack, StackEvent, StackResource } from './stack';
import type { StackRecord } from './stack-record';

/** A stack in DescribeStacks, with the status that the record gives. */
export function stackDescription(stack: Stack, { status, reason }: StackRecord) {
  const { deployment } = stack;
  return {
    StackId: stack.id,
    StackName: stack.name,
    Description: deployment?.template.description,
    Parameters: deployment ? parameterDescriptions(stack) : [],
    CreationTime: new Date(stack.creationTime),
    LastUpdatedTime: optionalDate(stack.lastUpdatedTime),
    DeletionTime: optionalDate(stack.deletionTime),
    StackStatus: status,
    StackStatusReason: reason,
    DisableRollback: stack.disablesRollback,
    EnableTerminationProtection: false,
    NotificationARNs: [],
    Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      Description: description,
      ExportName: exportName,
    })),
    Tags: tagDescriptions(deployment?.tags),
  };
}

/** An event in DescribeStackEvents. */
export function eventDescription(stack: Stack, event: StackEvent) {
  return {
    StackId: stack.id,
    EventId: event.eventId,
    StackName: stack.name,
    OperationId: event.operationId,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.timestamp),
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    ResourceProperties: event.properties,
    ClientRequestToken: event.clientRequestToken,
  };
}

/** A resource in DescribeStackResources. */
export function resourceDescription(stack: Stack, resource: StackResource) {
  return {
    StackId: stack.id,
    StackName: stack.name,
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.physicalId,
    ResourceType: resource.type,
    Timestamp: new Date(resource.timestamp ?? stack.creationTime),
    ResourceStatus: resource.status,
    ResourceStatusReason: resource.reason,
  };
}

/** A change set in DescribeChangeSet. */
export function changeSetDescription(changeSet: ChangeSet) {
  return {
    ChangeSetId: changeSet.id,
    ChangeSetName: changeSet.name,
    StackId: changeSet.stack.id,
    StackName: changeSet.stack.name,
    Description: changeSet.description,
    CreationTime: new Date(changeSet.creationTime),
    Status: changeSet.status,
    StatusReason: changeSet.reason,
    ExecutionStatus: changeSet.executionStatus,
    Tags: tagDescriptions(changeSet.deployment.tags),
    Changes: changeSet.changes.map(({ action, logicalId, physicalId, type, replacement }) => ({
      Type: 'Resource',
      ResourceChange: {
        Action: action,
        LogicalResourceId: logicalId,
        PhysicalResourceId: physicalId,
        ResourceType: type,
        Replacement: replacement,
      },
    })),
  };
}

function parameterDescriptions({ deployment }: Stack) {
  return [...(deployment?.given ?? [])].map(([key, value]) => {
    const resolved = deployment?.values.get(key);
    const ResolvedValue = resolved === value || typeof resolved === 'object' ? undefined : resolved;
    return { ParameterKey: key, ParameterValue: value, ResolvedValue };
  });
}

function tagDescriptions(tags: ReadonlyMap<string, string> | undefined) {
  return [...(tags ?? [])].map(([Key, Value]) => ({ Key, Value }));
}

function optionalDate(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
