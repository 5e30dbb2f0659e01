// Judges CustomResourceDefinitions as the API server of the oldest Kubernetes that Slipway promises does when they are
// applied: a stream of YAML documents on standard input. Says what it would refuse, fields that it does not know included.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func judge(scheme *runtime.Scheme, document []byte) error {
	var given v1.CustomResourceDefinition
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	if _, _, err := decoder.Decode(document, nil, &given); err != nil {
		return err
	}
	scheme.Default(&given)
	var definition apiextensions.CustomResourceDefinition
	if err := scheme.Convert(&given, &definition, nil); err != nil {
		return err
	}
	return validation.ValidateCustomResourceDefinition(context.Background(), &definition).ToAggregate()
}

func run(in io.Reader) error {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	documents := yaml.NewYAMLReader(bufio.NewReader(in))
	var refused []error
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return errors.Join(refused...)
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(document)) > 0 {
			refused = append(refused, judge(scheme, document))
		}
	}
}

func main() {
	if err := run(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
