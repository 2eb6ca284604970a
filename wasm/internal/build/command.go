package build

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Command builds as the arguments of a command line say, writes the files or
// compares them, and prints what it did to out.
func Command(ctx context.Context, args []string, out io.Writer) error {
	var (
		target  Target
		options Options
		flags   = flag.NewFlagSet("build", flag.ContinueOnError)
	)
	flags.SetOutput(out)
	flags.StringVar(&target.Out, "out", "wasm/dist", "`folder` for the module and its manifest")
	flags.StringVar(&target.Embed, "embed", "edge/runner", "`folder` for the compressed module and its manifest")
	flags.StringVar(&options.Package, "package", edgePackage, "Go `package` to build")
	flags.StringVar((*string)(&options.Last), "variant", "", "last `step`, and nothing is embedded: compiled, restructured, linked, snapshot or shrunk")
	warm := flags.String("warm", "", "`exports` that run before the snapshot, with commas between them")
	flags.BoolVar(&options.Std, "std", false, "with crypto/sha256 in place of the kernel, to compare; the variant is compiled or restructured")
	check := flags.Bool("check", false, "compare with the files that are there and write nothing")
	steps := flags.Bool("steps", false, "print the size after each step")
	if err := flags.Parse(args); err != nil {
		return err
	}
	options.Warm = strings.FieldsFunc(*warm, func(r rune) bool { return r == ',' })
	if options.Last != "" {
		target.Embed = ""
	}
	if *steps {
		options.Each = func(step Step, file []byte, line string) {
			fmt.Fprintf(out, "%-12s %9d bytes %s\n", step, len(file), line)
		}
	}
	result, err := Edge(ctx, options)
	if err != nil {
		return err
	}
	if *check {
		return compare(target, result, out)
	}
	fmt.Fprintf(out, "%s", result.Manifest.JSON())
	return target.Write(result)
}

// compare ends a check. That another version of Go made the files is no
// failure: what this one makes says nothing about them.
func compare(target Target, result Result, out io.Writer) error {
	err := target.Check(result)
	switch {
	case errors.Is(err, ErrOtherGo):
		fmt.Fprintf(out, "not compared: %v\n", err)
		return nil
	case err == nil:
		fmt.Fprintln(out, "the files are what the source gives")
	}
	return err
}
