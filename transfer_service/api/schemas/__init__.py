"""What the API takes and shows, one module an area.

Bodies load into commands of the use cases. A field that is not declared here is refused on its way in and never
shown on its way out.
"""
