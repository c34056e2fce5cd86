// web is the lab's sample web application. Called with "check", it is the other side: it tries addresses and names
// from where it runs and prints what it saw, so that one image serves as target and as probe.
package main

import (
	"fmt"
	"os"
)

// version is set when the program is built; an image may override it by WEB_VERSION.
var version = "0.0.0"

func main() {
	if override := os.Getenv("WEB_VERSION"); override != "" {
		version = override
	}
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 0 || arguments[0] == "serve":
		exit(serve())
	case arguments[0] == "check":
		exit(check(arguments[1:]))
	case arguments[0] == "version":
		fmt.Println(version)
	default:
		exit(fmt.Errorf("unknown command %q; use serve, check or version", arguments[0]))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
