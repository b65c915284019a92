// Command vitrine is the server. It reads flags, the environment and
// vitrine.yaml into a node.Config and runs the node, or, for the command check,
// into a check.Config; nothing else happens here.
// To add a setting, add it to settings (flags and environment) and to file (YAML).
package main
