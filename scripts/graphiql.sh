#!/usr/bin/env bash
# Packs GraphiQL and what it stands on into assets/graphiql/vendor, compressed, with the licences of all of it.
#
# To be run by hand after a change of assets/graphiql/package.json (npm install --package-lock-only there first), and what
# it writes is committed: the server embeds the files, so building it needs no Node. The same lock gives the same bytes.
set -euo pipefail

assets=$(cd "$(dirname "$0")/../assets/graphiql" && pwd)
"$(dirname "$0")/need.sh" npm npm
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cp "$assets/package.json" "$assets/package-lock.json" "$folder"
npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund --loglevel=error
modules=$folder/node_modules

rm -rf "$assets/vendor"
mkdir "$assets/vendor"
pack() { sed '/^\/\/# sourceMappingURL=/d' | gzip -9n >"$assets/vendor/$1.gz"; }

pack react.js <"$modules/react/umd/react.production.min.js"
pack react-dom.js <"$modules/react-dom/umd/react-dom.production.min.js"
pack graphiql.js <"$modules/graphiql/graphiql.min.js"
pack graphiql.css <"$modules/graphiql/graphiql.min.css"
pack graphql-ws.js <"$modules/graphql-ws/umd/graphql-ws.min.js"

# Every package of the tree: the ready-made bundles do not say which of them they hold.
find "$modules" -name package.json -print0 | sort -z | while IFS= read -r -d '' package; do
  # shellcheck disable=SC2016 # JavaScript's templates, not the shell's.
  node -e '
    const fs = require("fs"), path = require("path");
    const { name, version, license } = JSON.parse(fs.readFileSync(process.argv[1]));
    if (!name || !version) process.exit();
    const folder = path.dirname(process.argv[1]);
    console.log(`${name} ${version} (${license})\n`);
    for (const file of fs.readdirSync(folder).sort().filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)))
      console.log(fs.readFileSync(path.join(folder, file), "utf8").trim() + "\n");
    console.log("-".repeat(80) + "\n");
  ' "$package"
done | pack LICENSES.txt

ls -l "$assets/vendor"
