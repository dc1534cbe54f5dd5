#!/usr/bin/env node
// The command is lanelock's own. This package brings what its stores need along.
await import(new URL("dist/cli/main.js", import.meta.resolve("lanelock/package.json")));
