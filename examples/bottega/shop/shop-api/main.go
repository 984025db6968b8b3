// Command shop-api serves orders and the catalogue.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// recommenderTimeout is how long the article page waits for related products before it shows best sellers.
const recommenderTimeout = 150 * time.Millisecond

type server struct {
	db          *pgxpool.Pool
	recommender string // http://product-recommender.ml-growth.svc.cluster.local
}

type order struct {
	ID         string `json:"order_id"`
	Status     string `json:"status"`
	TotalCents int    `json:"total_cents"`
}

func (s *server) getOrder(w http.ResponseWriter, r *http.Request) {
	var found order
	err := s.db.QueryRow(r.Context(),
		`select order_id, status, total_cents from orders where order_id = $1`, r.PathValue("id"),
	).Scan(&found.ID, &found.Status, &found.TotalCents)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		http.Error(w, "no such order", http.StatusNotFound)
	case err != nil:
		slog.Error("order lookup failed", "order", r.PathValue("id"), "error", err)
		http.Error(w, "try again", http.StatusInternalServerError)
	default:
		_ = json.NewEncoder(w).Encode(found)
	}
}

func (s *server) relatedProducts(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), recommenderTimeout)
	defer cancel()
	ids, err := s.askRecommender(ctx, r.PathValue("id"))
	if err != nil {
		ids, err = s.bestSellers(r.Context(), r.PathValue("id"))
	}
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(ids)
}

func (s *server) askRecommender(ctx context.Context, product string) ([]string, error) {
	url := s.recommender + "/v2/models/product-recommender/infer?product=" + product
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var ids []string
	return ids, json.NewDecoder(response.Body).Decode(&ids)
}

func (s *server) bestSellers(ctx context.Context, product string) ([]string, error) {
	rows, err := s.db.Query(ctx, `
		select items.product_id
		from order_items items join products using (product_id)
		where category = (select category from products where product_id = $1)
		group by items.product_id order by sum(quantity) desc limit 4`, product)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func main() {
	db, err := pgxpool.New(context.Background(), os.Getenv("SHOP_DB_URL"))
	if err != nil {
		slog.Error("no database", "error", err)
		os.Exit(1)
	}
	s := &server{db: db, recommender: os.Getenv("RECOMMENDER_URL")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/orders/{id}", s.getOrder)
	mux.HandleFunc("GET /v1/products/{id}/related", s.relatedProducts)
	slog.Error("stopped", "error", http.ListenAndServe(":8080", mux))
}
