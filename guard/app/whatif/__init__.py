"""What-if: what a trader asks in words, to moves of a snapshot, to figures and limits before and after."""
