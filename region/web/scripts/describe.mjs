// Makes TypeScript types of the API's descriptions in `described/`: OpenAPI for HTTP, the schemas of AsyncAPI for the socket's frames.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const read = (name) => JSON.parse(readFileSync(`described/${name}.json`, "utf8"));

const PARTIAL = new Set(["Hello", "Send", "Change"]); // of these what is as by default may be left out

/** What an answer says by default is in it all the same; in a request it may be left out. */
function answersAreWhole(schemas) {
  for (const [name, schema] of Object.entries(schemas)) {
    if (name.endsWith("Request") || PARTIAL.has(name)) continue;
    const said = Object.entries(schema.properties ?? {}).filter(([, property]) => "default" in property);
    schema.required = [...new Set([...(schema.required ?? []), ...said.map(([property]) => property)])];
  }
}

/** A file that is there already is written only when it is another one, so that nothing is built in vain. */
function write(path, text) {
  let before = "";
  try {
    before = readFileSync(path, "utf8");
  } catch {}
  if (before !== text) writeFileSync(path, text);
}

mkdirSync("src/described", { recursive: true });
const http = read("openapi");
const socket = read("asyncapi");
answersAreWhole(http.components.schemas);
answersAreWhole(socket.components.schemas);
const frames = {
  openapi: "3.1.0",
  info: socket.info,
  paths: {},
  components: { schemas: socket.components.schemas },
};
const options = { defaultNonNullable: false, alphabetize: true };
write("src/described/api.ts", astToString(await openapiTS(http, options)));
write("src/described/frames.ts", astToString(await openapiTS(frames, options)));
