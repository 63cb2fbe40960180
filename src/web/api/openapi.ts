// How is the API described to programs? An OpenAPI 3.1 document made from the operations and their zod schemas.
import { z } from "zod";
import { type Operation, operations } from "./operations.ts";
import { named, problem } from "./schemas.ts";

type JsonSchema = { properties?: Record<string, object & { description?: string }>; required?: string[] };

const uri = (id: string) => `#/components/schemas/${id}`;

const refer = (schema: z.ZodType): object => {
  const name = named.get(schema)?.id;
  if (name === undefined) throw new Error("every schema of an operation has a name");
  return { $ref: uri(name) };
};
const json = (schema: z.ZodType) => ({ "application/json": { schema: refer(schema) } });

/** All named schemas; what goes in is described as it is sent, before defaults. */
function listComponents(): Record<string, object> {
  const { schemas } = z.toJSONSchema(named, { uri, io: "input", unrepresentable: "any" });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const { $schema: _, $id: _id, id: _name, ...rest } = schema;
      return [name, rest];
    }),
  );
}

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
      description: "Papers, topics and sign-up. Reading needs no key; a network may ask 1,200 times a minute.",
    },
    servers: [{ url: `${baseUrl}/api/v1` }],
    paths,
    components: { schemas: listComponents() },
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
  const schema = query ? (z.toJSONSchema(query, { io: "input", unrepresentable: "any" }) as JsonSchema) : {};
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
    ...(body ? { requestBody: { required: true, content: json(body) } } : {}),
    responses: {
      [answer.status]: { description: "Done.", content: json(answer.schema) },
      ...Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [status, { description, content: json(problem) }]),
      ),
    },
  };
}
