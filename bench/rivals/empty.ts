/** Does nothing: what the runtime itself costs. */
export const handler = async (): Promise<void> => undefined;
