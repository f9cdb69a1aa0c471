-- Requests for food support and their handovers.
SELECT 1;
