"""Ways to look at how good the model is. Three serve every task; a task adds its own by entry points of `GROUP`."""

GROUP = "handful.views"
