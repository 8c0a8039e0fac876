// Prints what the grammar cannot parse in the scripts that are named, and fails
// if there is any such thing.
import { readFileSync } from "node:fs";
import { Language, Parser } from "web-tree-sitter";

await Parser.init();
const grammar = await Language.load("node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm");
const parser = new Parser();
parser.setLanguage(grammar);

let wrong = 0;
for (const path of process.argv.slice(2)) {
  const visit = (node) => {
    if (!node.isError && !node.isMissing) {
      node.children.forEach(visit);
      return;
    }
    wrong++;
    const { row, column } = node.startPosition;
    const what = node.isMissing ? `${node.type} is missing` : `cannot parse ${JSON.stringify(node.text.slice(0, 60))}`;
    console.log(`${path}:${row + 1}:${column + 1}: ${what}`);
  };
  visit(parser.parse(readFileSync(path, "utf8")).rootNode);
  console.log(`parsed ${path}`);
}
process.exitCode = wrong > 0 ? 1 : 0;
