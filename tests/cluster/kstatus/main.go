// Prints what kstatus, with which Flux and Argo-like tools judge objects, makes of each object on standard input: a
// stream of JSON objects, or Lists of them; a line of JSON for each, {"status": "Current", "message": "…"}.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func judge(object map[string]any) (verdict, error) {
	result, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		return verdict{}, err
	}
	return verdict{Status: string(result.Status), Message: result.Message}, nil
}

func objectsIn(document map[string]any) []map[string]any {
	items, isList := document["items"].([]any)
	if !isList {
		return []map[string]any{document}
	}
	var objects []map[string]any
	for _, item := range items {
		if object, ok := item.(map[string]any); ok {
			objects = append(objects, object)
		}
	}
	return objects
}

// readDocument decodes numbers as a Kubernetes client does: integers are int64.
func readDocument(decoder *json.Decoder) (map[string]any, error) {
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return nil, err
	}
	var document unstructured.Unstructured
	// UnmarshalJSON wants a kind on each object; a List is read as one, too.
	if err := document.UnmarshalJSON(raw); err != nil {
		return nil, err
	}
	return document.Object, nil
}

func run(in io.Reader, out io.Writer) error {
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	for {
		document, err := readDocument(decoder)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, object := range objectsIn(document) {
			said, err := judge(object)
			if err != nil {
				return err
			}
			if err := encoder.Encode(said); err != nil {
				return err
			}
		}
	}
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}
