from django.urls import path

from orders.views import correcting, creating, files, lines, listing, order, proofing, reviewing

urlpatterns = [
    path("", listing.order_list, name="order_list"),
    path("new/", creating.order_create, name="order_create"),
    path("files/<uuid:public_id>/", files.order_file, name="order_file"),
    path("qr/<uuid:public_id>/", files.order_qr, name="order_qr"),
    path("<int:pk>/", order.order_detail, name="order_detail"),
    path("<int:pk>/progress/", order.order_progress, name="order_progress"),
    path("<int:pk>/retry/", order.order_retry, name="order_retry"),
    path("<int:pk>/back/", order.order_send_back, name="order_send_back"),
    path("<int:pk>/reissue/", order.order_reissue, name="order_reissue"),
    path("<int:pk>/profile/", order.order_profile, name="order_profile"),
    path("<int:pk>/cancel/", order.order_cancel, name="order_cancel"),
    path("<int:pk>/void/", order.order_void, name="order_void"),
    path("<int:pk>/correct/", correcting.order_correct, name="order_correct"),
    path("<int:pk>/review/", reviewing.order_review, name="order_review"),
    path("<int:pk>/complete/", reviewing.order_complete, name="order_complete"),
    path("<int:pk>/proof.pdf", proofing.order_proof, name="order_proof"),
    path("<int:pk>/walk/", proofing.order_walk_start, name="order_walk_start"),
    path("<int:pk>/walk/<int:seq>/", proofing.order_walk, name="order_walk"),
    path("<int:pk>/lines/<int:seq>/qr.png", proofing.order_line_qr, name="order_line_qr"),
    path("<int:pk>/lines/<int:seq>/", lines.line_row, name="order_line"),
    path("<int:pk>/lines/<int:seq>/edit/", lines.line_edit, name="order_line_edit"),
    path("<int:pk>/lines/<int:seq>/preview/", lines.line_preview, name="order_line_preview"),
    path("<int:pk>/lines/<int:seq>/reset/", lines.line_reset, name="order_line_reset"),
    path("<int:pk>/lines/<int:seq>/leave-out/", lines.line_leave_out, name="order_line_leave_out"),
    path("<int:pk>/lines/<int:seq>/put-back/", lines.line_put_back, name="order_line_put_back"),
    path("<int:pk>/lines/<int:seq>/confirm-reprint/", lines.line_confirm_reprint, name="order_line_confirm_reprint"),
]
