package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var groupVersion = schema.GroupVersion{Group: "slipway.dev", Version: "v1alpha1"}

// ImagePublication as far as the objects of the benchmark have it, typed as a controller's own types are.
type ImagePublication struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   Spec   `json:"spec,omitempty"`
	Status Status `json:"status,omitempty"`
}

type Spec struct {
	RegistryRef       NameRef            `json:"registryRef"`
	Repository        string             `json:"repository"`
	Environment       string             `json:"environment"`
	Source            Source             `json:"source"`
	Build             Build              `json:"build"`
	Tags              []Tag              `json:"tags,omitempty"`
	DeploymentTargets []DeploymentTarget `json:"deploymentTargets,omitempty"`
	DeletionPolicy    string             `json:"deletionPolicy,omitempty"`
}

type NameRef struct {
	Name string `json:"name"`
}

type Source struct {
	Image     *Image   `json:"image,omitempty"`
	Platforms []string `json:"platforms,omitempty"`
}

type Image struct {
	Reference string `json:"reference"`
	PlainHTTP bool   `json:"plainHTTP,omitempty"`
}

type Build struct {
	Commit  string            `json:"commit,omitempty"`
	Version string            `json:"version,omitempty"`
	Number  *int64            `json:"number,omitempty"`
	Branch  string            `json:"branch,omitempty"`
	RunURL  string            `json:"runURL,omitempty"`
	Actor   string            `json:"actor,omitempty"`
	BuiltAt *metav1.Time      `json:"builtAt,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
}

type Tag struct {
	Name       string `json:"name"`
	Template   string `json:"template"`
	Mutability string `json:"mutability,omitempty"`
}

type DeploymentTarget struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

type Status struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

func (in *ImagePublication) DeepCopyObject() runtime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec = in.Spec.copy()
	out.Status.Conditions = append([]metav1.Condition(nil), in.Status.Conditions...)
	return &out
}

func (in Spec) copy() Spec {
	out := in
	if in.Source.Image != nil {
		image := *in.Source.Image
		out.Source.Image = &image
	}
	out.Source.Platforms = append([]string(nil), in.Source.Platforms...)
	out.Tags = append([]Tag(nil), in.Tags...)
	out.DeploymentTargets = append([]DeploymentTarget(nil), in.DeploymentTargets...)
	if in.Build.Number != nil {
		number := *in.Build.Number
		out.Build.Number = &number
	}
	out.Build.BuiltAt = in.Build.BuiltAt.DeepCopy()
	if in.Build.Labels != nil {
		out.Build.Labels = make(map[string]string, len(in.Build.Labels))
		for key, value := range in.Build.Labels {
			out.Build.Labels[key] = value
		}
	}
	return out
}

type ImagePublicationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ImagePublication `json:"items"`
}

func (in *ImagePublicationList) DeepCopyObject() runtime.Object {
	out := *in
	out.Items = make([]ImagePublication, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*ImagePublication)
	}
	return &out
}

func addToScheme(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(groupVersion, &ImagePublication{}, &ImagePublicationList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
}
