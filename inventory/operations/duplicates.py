"""What only shows when all rows of an import are in: the same VIN or stock number in several of them."""

from django.db import connection

from inventory.models import InventoryImport

# Rows of one VIN that agree in price and stock are one vehicle; rows that do not are none.
_DUPLICATES = """
    CREATE TEMPORARY TABLE duplicate_rows ON COMMIT DROP AS
    SELECT v.id, d.dealership_id, v.row_number, v.vin, twin.first_row, twin.differ
    FROM inventory_vehicle v
    JOIN inventory_dataset d ON d.id = v.dataset_id
    JOIN (
        SELECT v.dataset_id, v.vin, min(v.row_number) AS first_row,
               count(DISTINCT (v.stock, v.price)) > 1 AS differ
        FROM inventory_vehicle v JOIN inventory_dataset d ON d.id = v.dataset_id
        WHERE d.inventory_import_id = %s
        GROUP BY v.dataset_id, v.vin HAVING count(*) > 1
    ) twin ON twin.dataset_id = v.dataset_id AND twin.vin = v.vin
    WHERE twin.differ OR v.row_number > twin.first_row
"""
_DUPLICATE_PROBLEMS = """
    INSERT INTO inventory_importproblem
        (inventory_import_id, dealership_id, row_number, "column", value, code, message)
    SELECT %s, dealership_id, row_number, 'Vin', vin,
           CASE WHEN differ THEN 'E_DUP_CONFLICT' ELSE 'W_DUP' END,
           CASE WHEN differ
                THEN 'This VIN stands in several rows with different price or stock. Keep the right row.'
                ELSE 'The same vehicle as row ' || first_row || '; one is kept.' END
    FROM duplicate_rows ORDER BY row_number
"""
_DELETE_DUPLICATES = "DELETE FROM inventory_vehicle USING duplicate_rows d WHERE inventory_vehicle.id = d.id"
_COUNT_DUPLICATES = "SELECT dealership_id, count(*) FROM duplicate_rows GROUP BY dealership_id"
_SHARED_WARNINGS = """
    WITH own AS MATERIALIZED (
        SELECT d.dealership_id, v.row_number, v.vin, v.stock
        FROM inventory_vehicle v JOIN inventory_dataset d ON d.id = v.dataset_id
        WHERE d.inventory_import_id = %(import)s
    )
    INSERT INTO inventory_importproblem
        (inventory_import_id, dealership_id, row_number, "column", value, code, message)
    SELECT %(import)s, dealership_id, row_number, 'Vin', vin, 'W_CROSS',
           'This VIN stands at ' || places || ' dealerships of the file.'
    FROM own JOIN (SELECT vin, count(*) AS places FROM own GROUP BY vin HAVING count(*) > 1) AS seen USING (vin)
    UNION ALL
    SELECT %(import)s, dealership_id, row_number, 'Stock', stock, 'W_DUP_STOCK',
           holders || ' vehicles have this stock number.'
    FROM own JOIN (SELECT dealership_id, stock, count(*) AS holders FROM own
                   WHERE stock <> '' GROUP BY dealership_id, stock HAVING count(*) > 1) AS held
         USING (dealership_id, stock)
"""


def analyse_searched_columns() -> None:
    """Tell the planner about the new rows at once, roughly; the server's own analysis follows in its time.

    A full analysis would read most of these tables for an import of any size.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_statistics_target = 20")
        cursor.execute(
            "ANALYZE inventory_rawvehicle (dataset_id, row_number),"
            " inventory_vehicle (dataset_id, vin),"
            " inventory_importproblem (inventory_import_id, code)"
        )
        cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")


def settle_duplicates(inventory_import: InventoryImport) -> list[tuple[int, int]]:
    """Reject repeated VINs of one dealership; gives rejected rows by dealership id."""
    with connection.cursor() as cursor:
        cursor.execute(_DUPLICATES, [inventory_import.pk])
        cursor.execute(_DUPLICATE_PROBLEMS, [inventory_import.pk])
        cursor.execute(_DELETE_DUPLICATES)
        cursor.execute(_COUNT_DUPLICATES)
        counts: list[tuple[int, int]] = cursor.fetchall()
        cursor.execute("DROP TABLE duplicate_rows")
    return counts


def warn_across_dealerships(inventory_import: InventoryImport) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SHARED_WARNINGS, {"import": inventory_import.pk})
