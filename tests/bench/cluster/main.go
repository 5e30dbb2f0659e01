// What Slipway is measured beside: a controller over controller-runtime, on its defaults but for 8 workers, that does
// nothing but write one condition on every ImagePublication whose generation it has not seen. And what Slipway's metrics
// are compared with: with --metrics it serves its own, and works only while it holds a lease.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

type reconciler struct {
	client client.Client
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var publication ImagePublication
	if err := r.client.Get(ctx, request.NamespacedName, &publication); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if publication.Status.ObservedGeneration == publication.Generation {
		return ctrl.Result{}, nil
	}
	publication.Status.ObservedGeneration = publication.Generation
	meta.SetStatusCondition(&publication.Status.Conditions, metav1.Condition{
		Type: "Ready", Status: metav1.ConditionFalse, Reason: "Seen", Message: "the controller has seen it",
		ObservedGeneration: publication.Generation})
	return ctrl.Result{}, r.client.Status().Update(ctx, &publication)
}

// The address is "0" for none.
func run(metrics string) error {
	ctrl.SetLogger(zap.New())
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	addToScheme(scheme)
	manager, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme, Metrics: server.Options{BindAddress: metrics},
		LeaderElection: metrics != "0", LeaderElectionID: "baseline", LeaderElectionNamespace: "default"})
	if err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(manager).
		For(&ImagePublication{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(&reconciler{client: manager.GetClient()})
	if err != nil {
		return err
	}
	return manager.Start(ctrl.SetupSignalHandler())
}

func main() {
	metrics := flag.String("metrics", "0", "the address at which it serves them")
	flag.Parse()
	if err := run(*metrics); err != nil {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
}
