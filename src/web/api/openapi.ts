// How is the API described to programs? An OpenAPI 3.1 document made from the operations and their zod schemas.
import { z } from "zod";
import { type Operation, operations } from "./operations.ts";
import { problem } from "./schemas.ts";

type JsonSchema = { properties?: Record<string, object & { description?: string }>; required?: string[] };

const jsonSchema = (schema: z.ZodType, io: "input" | "output") => {
  const { $schema: _, id: _id, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" });
  return rest;
};
const json = (schema: z.ZodType, io: "input" | "output" = "output") => ({
  "application/json": { schema: jsonSchema(schema, io) },
});

/** The whole document for a service at `baseUrl`. */
export function openApi(baseUrl: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = paths[operation.path] ?? {};
    path[operation.method] = describe(operation);
    paths[operation.path] = path;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Paperboy",
      version: "1",
      description:
        "Papers, topics and sign-up. Reading needs no key; 1,200 questions a minute of one network are answered.",
    },
    servers: [{ url: `${baseUrl}/api/v1` }],
    paths,
  };
}

function describe({ id, says, query, body, parameters = {}, answer, problems }: Operation): object {
  const inPath = Object.entries(parameters).map(([name, description]) => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string" },
  }));
  const schema = query ? (jsonSchema(query, "input") as JsonSchema) : {};
  const inQuery = Object.entries(schema.properties ?? {}).map(([name, { description, ...property }]) => ({
    name,
    in: "query",
    required: schema.required?.includes(name) ?? false,
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
  return {
    operationId: id,
    summary: says,
    parameters: [...inPath, ...inQuery],
    ...(body ? { requestBody: { required: true, content: json(body, "input") } } : {}),
    responses: {
      [answer.status]: { description: "Done.", content: json(answer.schema) },
      ...Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [status, { description, content: json(problem) }]),
      ),
    },
  };
}
