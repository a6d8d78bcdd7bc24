// Checks custom resources, a JSON list on standard input, with the types and the validators that
// @kubernetes-models has of their definitions; prints a JSON list of what is wrong, an entry for each object.
// The compiler finds fields that do not exist, the validators find values out of bounds.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const PACKAGES = {
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api",
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};
const objects = JSON.parse(readFileSync(0, "utf8"));
const modules = objects.map(({ apiVersion, kind }) => {
  const found = PACKAGES[apiVersion.split("/")[0]];
  if (!found) throw new Error(`there is no package for ${apiVersion} ${kind}`);
  return `${found}/${apiVersion}/${kind}`;
});

const file = join(import.meta.dirname, "objects.ts");
const source = objects
  .map((each, at) => `import type { I${each.kind} as T${at} } from "${modules[at]}";\nexport const o${at}: T${at} = ${JSON.stringify(each)};\n`)
  .join("");
const options = {
  module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022,
  strict: true, noEmit: true, skipLibCheck: true, types: [],
};
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
host.fileExists = (name) => name === file || fileExists(name);
host.readFile = (name) => (name === file ? source : readFile(name));
host.getSourceFile = (name, ...rest) =>
  name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022, true) : getSourceFile(name, ...rest);
const program = ts.createProgram([file], options, host);
const wrong = objects.map(() => []);
for (const each of ts.getPreEmitDiagnostics(program)) {
  const said = ts.flattenDiagnosticMessageText(each.messageText, " ");
  if (each.file?.fileName !== file) throw new Error(said);
  wrong[Math.floor(each.file.getLineAndCharacterOfPosition(each.start).line / 2)].push(said);
}
for (const [at, each] of objects.entries()) {
  const { [each.kind]: Model } = await import(modules[at]);
  try {
    new Model(each).validate();
  } catch (error) {
    wrong[at].push(error.message);
  }
}
console.log(JSON.stringify(wrong));
