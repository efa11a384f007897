export * from '../schema/json.ts';
